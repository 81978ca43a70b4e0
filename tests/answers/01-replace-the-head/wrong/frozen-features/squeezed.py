# misconception: batch-dimension-lost
def frozen_features(model, images):
    backbone = nn.Sequential(*list(model.children())[:-1]).eval()
    with torch.no_grad():
        return backbone(images).squeeze()
