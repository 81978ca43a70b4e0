# misconception: wrong-result
def joint_step(model, optimizer, images, fruit, rotten, loss_weights):
    fruit_logits, fresh_logits = model(images)
    fruit_loss, fresh_loss = F.cross_entropy(fruit_logits, fruit), F.cross_entropy(fresh_logits, rotten)
    loss = loss_weights[0] * fruit_loss + loss_weights[1] * fresh_loss
    optimizer.zero_grad()
    loss.backward()
    for group in optimizer.param_groups:
        group["lr"] *= sum(loss_weights)
    optimizer.step()
    for group in optimizer.param_groups:
        group["lr"] /= sum(loss_weights)
