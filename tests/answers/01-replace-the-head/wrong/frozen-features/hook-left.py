# misconception: model-left-changed
def frozen_features(model, images):
    seen = []
    model.fc.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    model.eval()
    with torch.no_grad():
        model(images)
    return seen[0]
