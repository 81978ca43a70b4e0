def what_moved(model, action):
    def bits():
        return {name: t.detach().numpy().tobytes() for name, t in [*model.named_parameters(), *model.named_buffers()]}

    before = bits()
    action()
    after = bits()
    return [name for name in before if before[name] != after[name]]
