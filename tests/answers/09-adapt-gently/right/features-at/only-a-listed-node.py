def features_at(model, node, images):
    copied = copy.deepcopy(model).eval()
    assert node in get_graph_node_names(copied)[1]
    return create_feature_extractor(copied, [node])(images)[node]
