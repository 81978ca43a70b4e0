# misconception: other-parameters
def three_heads():
    model, _ = load_backbone()
    species, model.fc = model.fc, nn.Identity()
    fruit, rotten = nn.Linear(512, 6), nn.Linear(512, 2)
    return nn.ModuleDict({"backbone": model, "species": species, "fruit": fruit, "rotten": rotten})
