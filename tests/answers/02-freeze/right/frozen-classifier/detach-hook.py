def frozen_classifier(make, n):
    model = make()
    model.fc = nn.Linear(model.fc.in_features, n)
    model.fc.register_forward_pre_hook(lambda m, i: (i[0].detach(),))
    return model
