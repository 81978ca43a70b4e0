def features_at(model, node, images):
    twin = copy.deepcopy(model)
    extractor = create_feature_extractor(twin, train_return_nodes=[node], eval_return_nodes=[node])
    return extractor.eval()(images)[node]
