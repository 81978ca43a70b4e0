# misconception: model-left-changed
def features_at(model, node, images):
    copied = copy.deepcopy(model).eval()
    next(model.modules()).register_forward_hook(lambda *given: None)
    return create_feature_extractor(copied, {node: "features"})(images)["features"]
