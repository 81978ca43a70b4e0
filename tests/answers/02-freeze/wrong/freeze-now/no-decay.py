# misconception: part-not-frozen
def freeze_now(model, optimizer, path):
    for group in optimizer.param_groups:
        group["weight_decay"] = 0.0
