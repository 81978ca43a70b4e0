# misconception: wrong-result
def fold_threshold(head, threshold):
    class Decide(nn.Module):
        def forward(self, features):
            p = head(features).softmax(1)[:, 1]
            return torch.stack([p < threshold, p >= threshold], 1).float()

    return Decide()
