package dev.nunchi.serve;

import dev.nunchi.infer.Delivery;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.concurrent.Executor;

/// The event loop of a call.
///
/// What answers a call runs there, where it is known whether the caller has gone: a write from
/// another thread is handed over and may come after the caller's reset, see [ConnectionGuard].
record EventLoop(Context context) implements Executor {
  /// That of the call whose handler runs on this thread.
  static EventLoop current() {
    return new EventLoop(Vertx.currentContext());
  }

  /// Runs it at once if this is the event loop's thread, else soon: of a worker that answers
  /// several texts when it has answered all, so that the event loop sends what it can in one go.
  @Override
  public void execute(Runnable task) {
    // A worker's thread has the call's context while it works for that call.
    if (context.equals(Vertx.currentContext()) && Context.isOnEventLoopThread()) {
      task.run();
    } else {
      Delivery.afterAnswers(() -> context.runOnContext(_ -> task.run()));
    }
  }
}
