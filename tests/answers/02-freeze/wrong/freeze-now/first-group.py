# misconception: group-is-not-a-part
def freeze_now(model, optimizer, path):
    for p in optimizer.param_groups[0]["params"]:
        p.requires_grad = False
        p.grad = None
