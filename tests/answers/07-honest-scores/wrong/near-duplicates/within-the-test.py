# misconception: wrong-result
def near_duplicates(train, test, similarity):
    everything = F.normalize(torch.cat([train, test]), dim=1)
    alike = (F.normalize(test, dim=1) @ everything.T >= similarity).sum(1) > 1
    return alike.nonzero().flatten().tolist()
