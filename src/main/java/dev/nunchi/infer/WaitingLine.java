package dev.nunchi.infer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The places before a backend, and those who wait for a place. Guarded by its owner's lock.
///
/// Whoever waits may take all places but a quarter, which is left to those who are refused where
/// there is no place: else a stream that is never short of items would shut them out.
final class WaitingLine {
  private final int capacity;
  private final int patientCapacity;
  private final Set<Ticket> placed = new LinkedHashSet<>();
  private final Queue<Group> outside = new ArrayDeque<>();

  /// Tickets that get their places together.
  ///
  /// @param admitted to be completed without the lock, when they have them
  record Group(List<Ticket> tickets, CompletableFuture<Void> admitted) {
    private boolean isGivenUp() {
      return tickets.stream().allMatch(ticket -> ticket.run().isDone());
    }
  }

  WaitingLine(int capacity) {
    this.capacity = capacity;
    this.patientCapacity = capacity - capacity / 4;
  }

  /// Most tickets that [#add] ever finds places for.
  int capacity() {
    return capacity;
  }

  /// Most tickets that [#addWhenFree] ever finds places for.
  int patientCapacity() {
    return patientCapacity;
  }

  /// Tickets that have a place.
  int size() {
    return placed.size();
  }

  /// Gives places to all of these, or to none.
  ///
  /// @return whether there were enough
  boolean add(List<Ticket> tickets) {
    if (placed.size() + tickets.size() > capacity) {
      return false;
    }
    placed.addAll(tickets);
    return true;
  }

  /// Lets these wait until there are places for all of them; [#admit] gives them.
  ///
  /// @param group of at most [#patientCapacity] tickets
  void addWhenFree(Group group) {
    outside.add(group);
  }

  /// Gives free places to those who waited longest for them.
  ///
  /// @return whose waiting is over, with places or given up
  List<Group> admit() {
    List<Group> admitted = new ArrayList<>();
    for (Group first = outside.peek(); first != null; first = outside.peek()) {
      if (!first.isGivenUp()) {
        if (placed.size() + first.tickets().size() > patientCapacity) {
          break;
        }
        placed.addAll(first.tickets());
      }
      admitted.add(outside.remove());
    }
    return admitted;
  }

  /// Takes out what has had a place for longest; null where there is none.
  @Nullable Ticket poll() {
    Iterator<Ticket> tickets = placed.iterator();
    if (!tickets.hasNext()) {
      return null;
    }
    Ticket first = tickets.next();
    tickets.remove();
    return first;
  }

  /// Takes out those of one length that have had a place for longest.
  ///
  /// @param most how many at most
  List<Ticket> poll(int length, int most) {
    List<Ticket> taken =
        placed.stream().filter(ticket -> ticket.encoding().length() == length).limit(most).toList();
    taken.forEach(placed::remove);
    return taken;
  }

  /// Frees the ticket's place, if it has one.
  void remove(Ticket ticket) {
    placed.remove(ticket);
  }
}
