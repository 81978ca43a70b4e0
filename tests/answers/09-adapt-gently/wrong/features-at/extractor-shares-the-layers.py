# misconception: model-left-changed
def features_at(model, node, images):
    extractor = create_feature_extractor(model, {node: "features"})
    return extractor.eval()(images)["features"]
