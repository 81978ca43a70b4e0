from sklearn.linear_model import LogisticRegression

def train_head(features, labels):
    fitted = LogisticRegression(max_iter=2000, C=0.1).fit(features.numpy(), labels.numpy())
    head = nn.Linear(features.shape[1], len(fitted.coef_))  # one row where there are two classes
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(fitted.coef_))
        head.bias.copy_(torch.from_numpy(fitted.intercept_))
    return head
