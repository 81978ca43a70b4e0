# misconception: wrong-result
def two_heads(backbone, fruits, states):
    backbone.fc = nn.Linear(backbone.fc.in_features, fruits + states)
    return backbone
