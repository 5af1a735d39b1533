#pragma once

// From now on the weights of a model are not read, zeros stand in for them, and this process gets little memory beside:
// for who only looks whether a model can be used (native/patches/check-without-weights.patch).
void leave_weights_unread();
