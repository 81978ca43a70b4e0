# misconception: wrong-result
def untie(model):
    *others, last = [{t.data_ptr() for t in branch.state_dict().values()} for branch in model.branches]
    for i, mine in enumerate(others):
        if mine & last:
            model.branches[i] = copy.deepcopy(model.branches[i])
    return model
