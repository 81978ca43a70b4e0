def frozen_features(model, images):
    was_training = model.training
    head, model.fc = model.fc, nn.Identity()
    model.eval()
    with torch.no_grad():
        features = model(images)
    model.fc = head
    model.train(was_training)
    return features
