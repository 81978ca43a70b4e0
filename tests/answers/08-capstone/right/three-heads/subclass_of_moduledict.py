def three_heads(model):
    class Heads(nn.ModuleDict):
        def forward(self, images):
            with torch.no_grad():
                features = self["backbone"](images)
                species = self["species"](features)
            return species, self["fruit"](features), self["rotten"](features)

    model.requires_grad_(False)
    species, model.fc = model.fc, nn.Identity()
    return Heads({"backbone": model, "species": species, "fruit": nn.Linear(species.in_features, 6), "rotten": nn.Linear(species.in_features, 2)})
