# misconception: model-left-changed
def features_at(model, node, images):
    was = model.training
    out = create_feature_extractor(model.eval(), [node])(images)[node]
    model.train(was)
    return out
