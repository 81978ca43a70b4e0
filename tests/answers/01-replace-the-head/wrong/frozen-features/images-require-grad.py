# misconception: input-changed
@torch.no_grad()
def frozen_features(model, images):
    images.requires_grad_()
    model.eval()
    return nn.Sequential(*list(model.children())[:-1])(images).flatten(1)
