package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What waits before the workers of one device, of all models.
///
/// Guarantees: nothing here waits. What is accepted is answered exactly once, also when its model
/// is closed meanwhile: with a run, with what the backend threw, with `DEADLINE_EXCEEDED`, or with
/// `OVERLOADED` where its turn came too late to be answered in time; the last two never reach a
/// backend. What is not accepted is refused at once, all of it. Beyond those who have a place wait
/// those who asked to be let in when there is one; whoever asks bounds how many, by giving the next
/// only when the last was admitted. What is cancelled frees its place at once.
///
/// Design: three rooms. [AdmissionControl] says who gets a place, [WaitingLine] whose turn it is
/// and [BatchMates] who is run with him, and a worker computes a [Batch]. All of their state has
/// one owner, this, and one lock; futures are completed without it, since what hangs on them may
/// come back. Workers are platform threads, one for each core or GPU, which all models share, and
/// each call of a backend uses one core: on a CPU that answers more texts than one call on all
/// cores. A text that finds nothing else may have them all. Never is a worker made to wait for a
/// fuller batch.
///
/// Texts that cost less than to wake a worker, and to be woken by its answer (n-grams), had better
/// be in one run than in two. So those that are read together are [handed in][Handover] together,
/// and run by the thread that brought them, which is the worker then, where that is known to take a
/// fraction of a millisecond. Else no worker is woken while one is about to be free that takes all
/// of them; and a worker that comes for them alone first lets other threads run which are ready to,
/// as they may bring more. On a machine that has a core to spare that is no wait, and else it is a
/// turn of theirs.
public final class RunQueue {
  /// For how long nearly free texts may wait for a worker that is about to be free, in nanoseconds:
  /// what a run of some of them takes where there is much to do. Alone one takes a tenth of it.
  private static final long SOON = 500_000;

  /// For how long a thread that brings texts may be kept by running them, in nanoseconds: meanwhile
  /// the other calls of its event loop wait. It is what some ten wakings take.
  private static final long QUICK = 200_000;

  private final Executor executor;
  private final int workers;
  private final LongSupplier nanoClock;
  private final Runnable giveWay;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final WaitingLine line = new WaitingLine();
  private final AdmissionControl admission;
  private final Queue<Group> outside = new ArrayDeque<>();
  private final Set<Batch> running = new LinkedHashSet<>();

  /// How many workers were asked and have not come yet.
  private int asked;

  /// How many runs those make that wait, and of these those that are nearly free.
  private int runs;

  private int cheapRuns;

  /// How many wait that may take a while to encode.
  private int heavy;

  private long ticketCount;

  /// Tickets that get their places together.
  ///
  /// @param admitted to be completed without the lock, when they have them
  record Group(List<Ticket> tickets, CompletableFuture<Void> admitted) {
    private Object caller() {
      return tickets.getFirst().terms().caller();
    }

    private boolean isGivenUp() {
      return tickets.stream().allMatch(ticket -> ticket.run().isDone());
    }
  }

  /// @param executor runs what it is given soon, and elsewhere
  /// @param workers how much it runs at a time
  /// @param capacity how many texts may wait, besides those that run
  /// @param nanoClock what [Deadline] counts on, [System#nanoTime] outside tests
  /// @param giveWay lets other threads run that are ready to, [Thread#yield] outside tests
  RunQueue(Executor executor, int workers, int capacity, LongSupplier nanoClock, Runnable giveWay) {
    this.executor = executor;
    this.workers = workers;
    this.nanoClock = nanoClock;
    this.giveWay = giveWay;
    this.admission = new AdmissionControl(line, capacity, workers, nanoClock.getAsLong());
  }

  /// The threads themselves, for work in which nobody waits for a single text; in the order in
  /// which it comes.
  public Executor executor() {
    return executor;
  }

  /// Accepts all of these or none.
  ///
  /// @throws NunchiException `OVERLOADED` if too few places are free or the deadline would pass
  ///   before they are run, `DEADLINE_EXCEEDED` if it has, `UNAVAILABLE` after the model's end,
  ///   `INVALID_ARGUMENT` for more than will ever find places
  List<Ticket> submit(Scheduler model, List<RunInput> inputs, Terms terms) {
    requirePlaces(inputs.size(), admission.capacity());
    lock.lock();
    try {
      model.account().requireOpen();
      List<Ticket> tickets = tickets(model, inputs, terms);
      // By how long they are expected to be, as nothing is encoded yet.
      admit(
          model,
          terms,
          tickets.size(),
          tickets.stream().mapToLong(Ticket::cost).sum(),
          tickets.stream().mapToLong(Ticket::cost).max().orElse(0),
          nanoClock.getAsLong());
      tickets.forEach(this::place);
      model.account().accepted(tickets.size());
      askWorkers();
      return tickets;
    } finally {
      lock.unlock();
    }
  }

  /// Accepts all of these, and lets them wait for places where too few are free.
  ///
  /// @throws NunchiException `UNAVAILABLE` after the model's end, `INVALID_ARGUMENT` for more than
  ///   will ever find places
  Group submitWhenFree(Scheduler model, List<RunInput> inputs, Terms terms) {
    requirePlaces(inputs.size(), admission.patientCapacity());
    Group group;
    List<Group> admitted;
    lock.lock();
    try {
      model.account().requireOpen();
      group = new Group(tickets(model, inputs, terms), new CompletableFuture<>());
      model.account().accepted(group.tickets().size());
      outside.add(group);
      admitted = admitPatient();
    } finally {
      lock.unlock();
    }
    tell(admitted);
    return group;
  }

  /// Frees the place of a ticket that was cancelled, if it has one.
  void forget(Ticket ticket) {
    List<Group> admitted;
    lock.lock();
    try {
      if (displace(ticket)) {
        settle(ticket);
      }
      admitted = admitPatient();
    } finally {
      lock.unlock();
    }
    tell(admitted);
  }

  /// Texts of a model that have a place now.
  int waitingCount(Scheduler model) {
    lock.lock();
    try {
      return model.account().waiting();
    } finally {
      lock.unlock();
    }
  }

  /// Texts of a model that were refused so far.
  long refusedCount(Scheduler model, Refusal why) {
    lock.lock();
    try {
      return model.account().refused(why);
    } finally {
      lock.unlock();
    }
  }

  RunTimes times(Scheduler model) {
    lock.lock();
    try {
      return model.account().times();
    } finally {
      lock.unlock();
    }
  }

  /// How long all that waits and runs now is expected to take, in nanoseconds.
  long expectedNanos() {
    lock.lock();
    try {
      return (busy(nanoClock.getAsLong()) + line.work()) / workers;
    } finally {
      lock.unlock();
    }
  }

  /// Refuses what comes of a model from now on, and returns when all that was accepted is answered.
  void close(Scheduler model) {
    lock.lock();
    try {
      model.account().close();
      while (model.account().unanswered() > 0) {
        idle.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /// What a worker does that was asked to come.
  private void work() {
    if (isCheap()) {
      giveWay.run();
    }
    run(next());
  }

  private void run(@Nullable Batch batch) {
    if (batch != null) {
      try {
        batch.run(nanoClock);
      } finally {
        done(batch);
      }
    }
  }

  /// Whether something waits, and another run of it costs more than its texts in one.
  private boolean isCheap() {
    lock.lock();
    try {
      return cheapRuns > 0 && cheapRuns == runs;
    } finally {
      lock.unlock();
    }
  }

  /// What a worker that was asked to come is to run; null where what waited is gone meanwhile. To
  /// be given to [#done] when it has run.
  @Nullable Batch next() {
    Turn turn;
    lock.lock();
    try {
      turn = turn();
    } finally {
      lock.unlock();
    }
    return announced(turn);
  }

  /// What a worker that comes is to run, and who is to be told what that changes.
  ///
  /// @param late whose time has run out
  /// @param admitted those who have got places
  private record Turn(@Nullable Batch batch, List<Ticket> late, List<Group> admitted, long now) {}

  /// To be called with the lock.
  private Turn turn() {
    asked--;
    long now = nanoClock.getAsLong();
    List<Ticket> late = new ArrayList<>();
    @Nullable Ticket first = firstInTime(late, now);
    @Nullable Batch batch = first == null ? null : batch(first, now);
    if (batch != null) {
      running.add(batch);
    }
    return new Turn(batch, late, admitPatient(), now);
  }

  /// To be called without the lock.
  private @Nullable Batch announced(Turn turn) {
    tell(turn.admitted());
    refuse(turn.late(), turn.now());
    return turn.batch();
  }

  /// Learns how long a batch kept its worker, which is free again.
  void done(Batch batch) {
    lock.lock();
    try {
      long now = nanoClock.getAsLong();
      running.remove(batch);
      correct(batch.tickets().getFirst());
      batch.tickets().getFirst().model().account().ran(batch, now - batch.startedAt());
      if (line.size() == 0) {
        admission.idle(now);
      }
      batch.tickets().forEach(this::settle);
      ask(needed(Math.min(1, runs)));
    } finally {
      lock.unlock();
    }
  }

  /// Takes the ticket out whose turn it is, and those before it whose time has run out.
  private @Nullable Ticket firstInTime(List<Ticket> late, long now) {
    for (Ticket next = line.first(); next != null; next = line.first()) {
      boolean isLate = admission.isLate(next, running.size(), now);
      if (!isLate && !next.run().isDone()) {
        take(next);
        return next;
      }
      displace(next);
      if (isLate) {
        late.add(next);
      } else {
        // Cancelled, by a thread that has not come to say so.
        settle(next);
      }
    }
    return null;
  }

  private Batch batch(Ticket first, long now) {
    List<Ticket> tickets = withMates(first, now);
    boolean alone = tickets.size() == 1 && running.isEmpty() && line.size() == 0;
    return new Batch(tickets, tickets.stream().mapToLong(Ticket::costTaken).sum(), now, alone);
  }

  private List<Ticket> withMates(Ticket first, long now) {
    BatchMates mates = first.model().mates();
    List<Ticket> batch = new ArrayList<>(List.of(first));
    int rows = inTime(first, mates.rows(first), now);
    int runningThen = running.size() + 1;
    if (rows > 1) {
      // Each waits for all of them.
      long then = now + (rows - 1) * first.costNow();
      line.oldestBeside(
              first,
              mates.areNearlyFree(),
              ticket ->
                  ticket.model().mates() == mates
                      && mates.fit(first, ticket)
                      && !ticket.run().isDone()
                      && !admission.isLate(ticket, runningThen, then),
              rows - 1)
          .forEach(ticket -> {
            line.takeBeside(ticket, first, ticket.take());
            displaced(ticket);
            batch.add(ticket);
          });
    }
    return batch;
  }

  /// No more rows than the first one has time for.
  private static int inTime(Ticket first, int rows, long now) {
    long cost = Math.max(1, first.costNow());
    return 1 + (int) Math.clamp(first.nanosToWait(now) / cost, 0, rows - 1);
  }

  /// To be called without the lock.
  private void refuse(List<Ticket> late, long now) {
    if (late.isEmpty()) {
      return;
    }
    for (Ticket ticket : late) {
      @Nullable RunListener listener = ticket.terms().listener();
      if (listener != null) {
        listener.expired(ticket.acceptedAt(), now);
      }
      ticket.run().completeExceptionally(AdmissionControl.late(ticket, now));
    }
    lock.lock();
    try {
      late.forEach(ticket -> {
        ticket.model().account().refused(Refusal.TURN, 1);
        settle(ticket);
      });
    } finally {
      lock.unlock();
    }
  }

  /// To be called with the lock.
  private void admit(Scheduler model, Terms terms, int texts, long work, long longest, long now) {
    if (terms.deadline().passed(now)) {
      model.account().refused(Refusal.DEADLINE, texts);
      throw NunchiException.withoutTrace(
          Reason.DEADLINE_EXCEEDED, "The deadline passed before the request was queued");
    }
    if (!admission.hasPlaces(terms.caller(), texts)) {
      model.account().refused(Refusal.PLACE, texts);
      throw AdmissionControl.overloaded(
          "the request needs %d of the %d places of the queue, and too few are free"
              .formatted(texts, admission.capacity()));
    }
    if (!admission.hasTime(terms, running.size(), busy(now), work, longest, now)) {
      model.account().refused(Refusal.DEADLINE, texts);
      throw AdmissionControl.overloaded("the request would not be answered before its deadline");
    }
  }

  /// Gives free places to those who waited longest for them. To be called with the lock.
  ///
  /// @return whose waiting is over, with places or given up
  private List<Group> admitPatient() {
    List<Group> admitted = new ArrayList<>();
    for (Group first = outside.peek(); first != null; first = outside.peek()) {
      if (!first.isGivenUp()
          && !admission.hasPatientPlaces(first.caller(), first.tickets().size())) {
        break;
      }
      for (Ticket ticket : first.tickets()) {
        if (ticket.run().isDone()) {
          settle(ticket);
        } else {
          place(ticket);
        }
      }
      admitted.add(outside.remove());
    }
    askWorkers();
    return admitted;
  }

  /// To be called without the lock: what hangs on it may come back here.
  private static void tell(List<Group> admitted) {
    admitted.forEach(group -> group.admitted().complete(null));
  }

  /// Has as many workers come as there is work for, now or when those are there who come together.
  /// To be called with the lock.
  private void askWorkers() {
    // What makes no run by itself may become larger yet.
    boolean later = runs == cheapRuns && asked < runs && Handover.later(this);
    ask(Math.min(needed(0), later ? runs - 1 : runs));
  }

  /// The same for those who came together. Where they are quickly run, the thread that brought them
  /// is the worker.
  void handedOver() {
    @Nullable Turn turn = null;
    lock.lock();
    try {
      if (isQuick() && asked + running.size() < workers) {
        asked++;
        turn = turn();
      } else {
        ask(needed(0));
      }
    } finally {
      lock.unlock();
    }
    if (turn != null) {
      run(announced(turn));
    }
  }

  /// Whether all that waits is nearly free, and known to take little.
  private boolean isQuick() {
    long work = line.work();
    return cheapRuns == runs && heavy == 0 && 0 < work && work <= QUICK;
  }

  /// How many workers what waits is worth, where one that is about to be free takes a run of texts
  /// that are nearly free.
  ///
  /// @param least so many at least: a worker that is free already need not be woken
  private int needed(int least) {
    return cheapRuns > 0 && isOneFreeSoon() ? Math.max(least, runs - 1) : runs;
  }

  private void ask(int needed) {
    for (; asked < needed && asked + running.size() < workers; asked++) {
      executor.execute(this::work);
    }
  }

  /// Whether a worker is about to end a short run, and so to take what waits. One that takes longer
  /// than was expected may take any time: what comes then has another worker, and what was left to
  /// it waits for the next worker that is free.
  private boolean isOneFreeSoon() {
    long now = nanoClock.getAsLong();
    for (Batch batch : running) {
      long left = batch.startedAt() + batch.cost() - now;
      if (batch.tickets().getFirst().model().mates().areNearlyFree()
          && batch.cost() > 0
          && -SOON <= left
          && left <= SOON) {
        return true;
      }
    }
    return false;
  }

  private void place(Ticket ticket) {
    long now = nanoClock.getAsLong();
    if (running.size() + line.size() < workers) {
      // Until now.
      admission.idle(now);
    }
    line.add(ticket, now);
    heavy += ticket.isLight() ? 0 : 1;
    ticket.model().account().placed();
    BatchMates mates = ticket.model().mates();
    count(mates, -mates.runs());
    mates.placed();
    count(mates, mates.runs());
  }

  private void take(Ticket ticket) {
    line.take(ticket, ticket.take());
    displaced(ticket);
  }

  private boolean displace(Ticket ticket) {
    boolean placed = line.remove(ticket);
    if (placed) {
      displaced(ticket);
    }
    return placed;
  }

  private void displaced(Ticket ticket) {
    heavy -= ticket.isLight() ? 0 : 1;
    ticket.model().account().displaced();
    BatchMates mates = ticket.model().mates();
    count(mates, -mates.runs());
    mates.displaced();
    count(mates, mates.runs());
  }

  private void count(BatchMates mates, int more) {
    runs += more;
    cheapRuns += mates.areNearlyFree() ? more : 0;
  }

  /// Counts to its caller what a ticket costs that had its turn, with the tokens that it turned out
  /// to have.
  private void correct(Ticket ticket) {
    line.correct(ticket.terms(), ticket.costNow() - ticket.costTaken());
  }

  /// Nothing more is to come of a ticket.
  private void settle(Ticket ticket) {
    ticket.model().account().settled();
    if (ticket.model().account().unanswered() == 0) {
      idle.signalAll();
    }
  }

  /// Nanoseconds of one worker until what runs has left them.
  private long busy(long now) {
    long busy = 0;
    for (Batch batch : running) {
      busy += Math.max(0, batch.startedAt() + batch.cost() - now);
    }
    return busy;
  }

  private List<Ticket> tickets(Scheduler model, List<RunInput> inputs, Terms terms) {
    long now = nanoClock.getAsLong();
    return inputs.stream()
        .map(input ->
            new Ticket(model, input, terms, now, ticketCount++, model.account().cost(input)))
        .toList();
  }

  private static void requirePlaces(int needed, int most) {
    if (needed > most) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "The request needs %d places of the queue, which has %d for it".formatted(needed, most));
    }
  }
}
