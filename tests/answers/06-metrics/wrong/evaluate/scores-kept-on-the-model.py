# misconception: model-left-changed
def evaluate(model, batches):
    model.eval()
    with torch.no_grad():
        predicted = torch.cat([model(images).argmax(1) for images, _ in batches])
    labels = torch.cat([labels for _, labels in batches])
    accuracy = sklearn.metrics.accuracy_score(labels, predicted)
    model.f1 = sklearn.metrics.f1_score(labels, predicted, zero_division=0)
    return accuracy, model.f1
