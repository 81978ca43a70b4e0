# misconception: model-left-changed
def head_inputs(model):
    seen = []
    handle = model.fc.register_forward_hook(lambda layer, inputs, output: seen.append(inputs[0].shape[1]))
    with torch.no_grad():
        model.eval()(torch.zeros(1, 3, 64, 64))
    handle.remove()
    return seen[0]
