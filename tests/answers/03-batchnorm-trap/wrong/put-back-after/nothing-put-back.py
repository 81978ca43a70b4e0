# misconception: wrong-result
def put_back_after(backbone, train):
    return train()
