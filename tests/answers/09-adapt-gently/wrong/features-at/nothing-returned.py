# misconception: nothing-returned
def features_at(model, node, images):
    create_feature_extractor(copy.deepcopy(model).eval(), {node: "features"})(images)["features"]
