# misconception: model-left-changed
def evaluate(model, batches):
    model.eval()
    found = []
    model.register_forward_hook(lambda module, inputs, output: found.append(output.argmax(1)))
    with torch.no_grad():
        for images, _ in batches:
            model(images)
    predicted, labels = torch.cat(found), torch.cat([labels for _, labels in batches])
    accuracy = sklearn.metrics.accuracy_score(labels, predicted)
    return accuracy, sklearn.metrics.f1_score(labels, predicted, zero_division=0)
