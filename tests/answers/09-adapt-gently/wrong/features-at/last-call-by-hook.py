# misconception: not-this-call
def features_at(model, node, images):
    copied = copy.deepcopy(model).eval()
    if node in dict(copied.named_modules()):
        seen = []
        copied.get_submodule(node).register_forward_hook(lambda *given: seen.append(given[-1].clone()))
        copied(images)
        return seen[-1]
    return create_feature_extractor(copied, {node: "features"})(images)["features"]
