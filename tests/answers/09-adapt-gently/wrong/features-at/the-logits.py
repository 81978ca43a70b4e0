# misconception: wrong-result
def features_at(model, node, images):
    return copy.deepcopy(model).eval()(images)
