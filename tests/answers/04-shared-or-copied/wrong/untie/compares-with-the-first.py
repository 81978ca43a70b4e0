# misconception: wrong-result
def untie(model):
    first = {t.untyped_storage().data_ptr() for t in model.branches[0].state_dict().values()}
    for i in range(1, len(model.branches)):
        mine = {t.untyped_storage().data_ptr() for t in model.branches[i].state_dict().values()}
        if mine & first:
            model.branches[i] = copy.deepcopy(model.branches[i])
    return model
