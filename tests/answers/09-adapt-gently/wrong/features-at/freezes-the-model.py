# misconception: model-left-changed
def features_at(model, node, images):
    copied = copy.deepcopy(model.requires_grad_(False)).eval()
    return create_feature_extractor(copied, {node: "features"})(images)["features"]
