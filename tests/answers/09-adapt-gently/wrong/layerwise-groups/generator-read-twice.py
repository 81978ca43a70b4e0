# misconception: group-incomplete
def layerwise_groups(model, lr, factor):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    late = {f"layer{i}": (name_and_p for name_and_p in named if name_and_p[0].startswith(f"layer{i}.")) for i in (4, 3, 2, 1)}
    groups = [{"params": [p for name, p in named if name.startswith("fc.")], "lr": lr}]
    for depth, (stage, pairs) in enumerate(late.items(), 1):
        print(stage, sum(p.numel() for _, p in pairs))
        groups.append({"params": [p for _, p in pairs], "lr": lr * factor**depth})
    stem = [p for name, p in named if name.split(".")[0] in ("conv1", "bn1")]
    return [*groups, {"params": stem, "lr": lr * factor**5}]
