# misconception: wrong-result
def three_heads(model):
    model.requires_grad_(False)
    width = model.fc.in_features
    backbone, species = model, model.fc
    backbone.fc = nn.Identity()
    fruit, rotten = nn.Linear(width, 6), nn.Linear(width, 2)

    def forward(images):
        features = backbone(images)
        return species(features), fruit(features), rotten(features)

    forward.backbone, forward.species, forward.fruit, forward.rotten = backbone, species, fruit, rotten
    return forward
