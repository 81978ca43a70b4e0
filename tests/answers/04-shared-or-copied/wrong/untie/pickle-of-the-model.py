# misconception: copy-keeps-sharing
def untie(model):
    import pickle
    return pickle.loads(pickle.dumps(model))
