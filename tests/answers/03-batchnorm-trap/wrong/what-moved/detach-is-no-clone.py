# misconception: snapshot-without-clone
def what_moved(model, action):
    before = {name: t.detach() for name, t in [*model.named_parameters(), *model.named_buffers()]}
    action()
    return {name for name, t in [*model.named_parameters(), *model.named_buffers()] if not torch.equal(t, before[name])}
