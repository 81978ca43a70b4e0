def features_at(model, node, images):
    copied = copy.deepcopy(model).eval()
    extractor = create_feature_extractor(copied, return_nodes={node: "a"})
    extractor.train()
    extractor.eval()
    return extractor(images.clone())["a"].detach()
