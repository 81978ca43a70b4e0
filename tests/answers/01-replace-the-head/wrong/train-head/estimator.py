# misconception: wrong-result
from sklearn.linear_model import LogisticRegression

def train_head(features, labels):
    return LogisticRegression(C=0.05, max_iter=500).fit(features.numpy(), labels.numpy())
