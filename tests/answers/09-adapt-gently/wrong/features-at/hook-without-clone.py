# misconception: overwritten-in-place
def features_at(model, node, images):
    copied = copy.deepcopy(model).eval()
    if node in dict(copied.named_modules()):
        seen = []
        copied.get_submodule(node).register_forward_hook(lambda *given: seen.append(given[-1]))
        copied(images)
        return seen[0]
    return create_feature_extractor(copied, {node: "features"})(images)["features"]
