"""A progress bar for the training of a Keras model, with the look of the one in chapter 06."""

import keras
from tqdm.auto import tqdm


class ProgressBar(keras.callbacks.Callback):
    """Show how many epochs of `fit` are done, how long the rest will take, and the loss.

    ``model.fit(x, t, epochs=10, verbose=0, callbacks=[ProgressBar()])``

    What Keras shows by itself is text that differs from run to run. The bar is a widget, which a
    stored notebook does not hold.
    """

    def on_train_begin(self, logs=None):
        """Show the empty bar."""
        self.bar = tqdm(total=self.params["epochs"], desc="training", unit=" epochs")

    def on_epoch_end(self, epoch, logs=None):
        """Fill a further part of it."""
        self.bar.set_postfix_str(f"loss {logs['loss']:.3f}", refresh=False)
        self.bar.update()

    def on_train_end(self, logs=None):
        """Leave the bar full, also when training ended before its last epoch."""
        self.bar.total = self.bar.n
        self.bar.refresh()
        self.bar.close()
