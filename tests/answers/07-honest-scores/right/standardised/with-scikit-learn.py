def standardised(train, other):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train.numpy())
    return [torch.from_numpy(scaler.transform(rows.numpy())) for rows in (train, other)]
