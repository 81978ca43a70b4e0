from torchvision.models.feature_extraction import create_feature_extractor

def frozen_features(model, images):
    extractor = create_feature_extractor(model.eval(), {"flatten": "features"})
    with torch.no_grad():
        return extractor(images)["features"]
