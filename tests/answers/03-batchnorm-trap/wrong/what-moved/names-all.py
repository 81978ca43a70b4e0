# misconception: wrong-result
def what_moved(model, action):
    action()
    return list(model.state_dict())
