def fruit_head(model, n):
    mode = model.training
    model.fc = nn.LazyLinear(n)
    model.eval()(torch.zeros(1, 3, 64, 64))  # the first forward gives it its width
    return model.train(mode)
