package dev.nunchi.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Every operation of [Ops] with inputs and weights of odd sizes, for tests that run over all of
/// them: values of each interpreter against double arithmetic, gradients against finite
/// differences.
///
/// @param weights of the operation, normal
/// @param inputs whole numbers where they have two axes
public record OperationCase(
    String name, RandomWeights weights, List<PlainTensor> inputs, Operation operation) {
  private static final List<Integer> IDS = List.of(2, 5);

  /// What is tried, on any interpreter.
  public interface Operation {
    <T> T apply(Ops<T> ops, List<T> inputs);
  }

  private static final class Builder {
    private final List<OperationCase> cases = new ArrayList<>();
    private final Random random = new Random(5);

    void add(String name, RandomWeights weights, List<PlainTensor> inputs, Operation operation) {
      cases.add(new OperationCase(name, weights, inputs, operation));
    }

    /// Rounded to float, so that all read the same numbers.
    PlainTensor states(Integer... shape) {
      PlainTensor states = PlainTensor.of(List.of(shape));
      Arrays.setAll(states.values(), i -> (float) (1.5 * random.nextGaussian()));
      return states;
    }

    PlainTensor states() {
      return states(2, 5, 6);
    }
  }

  public static List<OperationCase> all() {
    Builder builder = new Builder();
    lookups(builder);
    layers(builder);
    arithmetic(builder);
    attention(builder);
    distances(builder);
    pooling(builder);
    ngrams(builder);
    return builder.cases;
  }

  /// Those that differ from the others for an interpreter alone that leaves padding out.
  public static List<OperationCase> packed() {
    Builder builder = new Builder();
    packed(builder);
    return builder.cases;
  }

  private static PlainTensor whole(double... values) {
    return new PlainTensor(IDS, values);
  }

  /// The second text has two tokens.
  private static PlainTensor mask() {
    return whole(1, 1, 1, 1, 1, 1, 1, 0, 0, 0);
  }

  private static RandomWeights some() {
    return new RandomWeights(11);
  }

  private static void lookups(Builder all) {
    PlainTensor ids = whole(3, 0, 8, 3, 1, 7, 2, 0, 0, 0);
    all.add(
        "embedding",
        some().add("table.weight", List.of(9, 6)),
        List.of(ids),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.embedding(inputs.getFirst(), Embedding.of("table", 9, 6));
          }
        });
    all.add(
        "positions",
        some().add("table.weight", List.of(9, 6)),
        List.of(ids),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.positions(inputs.getFirst(), Embedding.of("table", 9, 6));
          }
        });
    // Padding in between, at the end, and nothing else.
    all.add(
        "positions counted past padding",
        some().add("table.weight", List.of(9, 6)),
        List.of(whole(3, 1, 8, 3, 1, 1, 1, 1, 1, 1)),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            // What stands in the row of the padding is not trained, as in PyTorch.
            T rows = ops.positions(inputs.getFirst(), new Embedding("table", 9, 6, 1));
            return ops.scale(rows, 2);
          }
        });
    all.add(
        "table",
        some().add("table.weight", List.of(1, 6)),
        List.of(all.states()),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.add(inputs.getFirst(), ops.table(Embedding.of("table", 1, 6)));
          }
        });
  }

  private static void layers(Builder all) {
    all.add(
        "linear",
        some()
            .add("wide.weight", List.of(7, 6))
            .add("wide.bias", List.of(7))
            .add("narrow.weight", List.of(3, 7)),
        List.of(all.states()),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            T wide = ops.linear(inputs.getFirst(), Linear.of("wide", 6, 7));
            return ops.linear(wide, new Linear("narrow", 7, 3, false));
          }
        });
    Linear adapted = new Linear("adapted", 6, 5, false);
    Magnitude magnitude =
        new Magnitude("m", adapted, LowRank.down(adapted, 2), LowRank.up(adapted, 2), 1.5);
    all.add(
        "magnitude of constant lengths",
        some()
            .add("m", List.of(5))
            .add(magnitude.layer().weight(), List.of(5, 6))
            .add(magnitude.down().weight(), List.of(2, 6))
            .add(magnitude.up().weight(), List.of(5, 2)),
        List.of(all.states(2, 5, 5)),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.magnitude(inputs.getFirst(), magnitude);
          }
        });
    all.add(
        "bias",
        some().add("added", List.of(6)),
        List.of(all.states()),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.bias(inputs.getFirst(), new Bias("added", 6));
          }
        });
    for (boolean bias : new boolean[] {true, false}) {
      all.add(
          "layerNorm " + (bias ? "with bias" : "without bias"),
          bias
              ? some().add("norm.weight", List.of(6)).add("norm.bias", List.of(6))
              : some().add("norm.weight", List.of(6)),
          List.of(all.states()),
          new Operation() {
            @Override
            public <T> T apply(Ops<T> ops, List<T> inputs) {
              return ops.layerNorm(inputs.getFirst(), new LayerNorm("norm", 6, 0.01, bias));
            }
          });
    }
    for (int width : new int[] {6, 3}) {
      all.add(
          "rmsNorm of " + width,
          some().add("norm.weight", List.of(width)),
          List.of(all.states()),
          new Operation() {
            @Override
            public <T> T apply(Ops<T> ops, List<T> inputs) {
              return ops.rmsNorm(
                  inputs.getFirst(), new RmsNorm("norm", width, 0.01, width == 6 ? 0 : 1));
            }
          });
    }
    for (Activation function : Activation.values()) {
      all.add(
          "activation " + function,
          some(),
          List.of(all.states()),
          new Operation() {
            @Override
            public <T> T apply(Ops<T> ops, List<T> inputs) {
              return ops.activation(inputs.getFirst(), function);
            }
          });
    }
    all.add(
        "dropout while nothing is trained",
        some(),
        List.of(all.states()),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.scale(ops.dropout(inputs.getFirst(), 0.5), 3);
          }
        });
  }

  private static void arithmetic(Builder all) {
    all.add(
        "add with repeated axes",
        some(),
        List.of(all.states(), all.states(1, 5, 6)),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.add(ops.add(inputs.get(0), inputs.get(0)), inputs.get(1));
          }
        });
    all.add(
        "multiply and scale",
        some(),
        List.of(all.states(), all.states()),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.scale(ops.multiply(inputs.get(0), inputs.get(1)), -0.7);
          }
        });
    all.add(
        "masked",
        some(),
        List.of(mask(), all.states()),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.masked(inputs.get(1), inputs.get(0));
          }
        });
    for (int places : new int[] {1, 3, 5}) {
      all.add(
          "unfold of %d places".formatted(places),
          some(),
          List.of(mask(), all.states()),
          new Operation() {
            @Override
            public <T> T apply(Ops<T> ops, List<T> inputs) {
              return ops.unfold(inputs.get(1), inputs.get(0), places);
            }
          });
    }
    all.add(
        "part",
        some(),
        List.of(all.states()),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            T x = inputs.getFirst();
            return ops.multiply(
                ops.activation(ops.part(x, 0, 3), Activation.GELU), ops.part(x, 2, 3));
          }
        });
  }

  private static void attention(Builder all) {
    all.add(
        "rotary",
        some(),
        List.of(all.states(2, 5, 12)),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.rotary(inputs.getFirst(), new Rotary(4, 160_000));
          }
        });
    attention(all, "plain", 3, Attention.bidirectional(3, 2, 0), false);
    attention(all, "within a window", 3, Attention.bidirectional(3, 2, 0).within(1), false);
    attention(
        all,
        "causal of grouped heads",
        2,
        new Attention(4, 2, 2, 0.3, 0, true, Attention.EVERYWHERE, 0),
        false);
    attention(
        all, "causal, windowed, capped", 1, new Attention(3, 1, 2, 1.1, 0, true, 1, 2), false);
    attention(all, "with terms of pairs", 3, Attention.bidirectional(3, 2, 0), true);
    attentionOfToken(all, "plain", 3, Attention.bidirectional(3, 2, 0), Pooling.FIRST);
    attentionOfToken(
        all, "within a window", 3, Attention.bidirectional(3, 2, 0).within(1), Pooling.FIRST);
    attentionOfToken(all, "plain", 3, Attention.bidirectional(3, 2, 0), Pooling.LAST);
    attentionOfToken(
        all,
        "causal of grouped heads, capped",
        2,
        new Attention(4, 2, 2, 0.3, 0, true, Attention.EVERYWHERE, 2),
        Pooling.LAST);
  }

  /// What layers of a packed row give is read by token and pool alone.
  private static void packed(Builder all) {
    Attention attention = Attention.bidirectional(3, 2, 0);
    for (boolean emptyRow : new boolean[] {false, true}) {
      PlainTensor mask = emptyRow ? whole(0, 0, 0, 0, 0, 1, 1, 1, 0, 0) : mask();
      String suffix = emptyRow ? " beside padding alone" : "";
      for (Pooling pooling : Pooling.values()) {
        all.add(
            "packed attention, pool " + pooling + suffix,
            some(),
            List.of(mask, all.states(2, 5, 6)),
            new Operation() {
              @Override
              public <T> T apply(Ops<T> ops, List<T> inputs) {
                T mask = inputs.get(0);
                T x = ops.packed(inputs.get(1), mask);
                return ops.pool(ops.attention(x, x, x, mask, attention), mask, pooling);
              }
            });
      }
      for (Pooling which : List.of(Pooling.FIRST, Pooling.LAST)) {
        all.add(
            "packed attention of token %s%s".formatted(which, suffix),
            some(),
            List.of(mask, all.states(2, 5, 6)),
            new Operation() {
              @Override
              public <T> T apply(Ops<T> ops, List<T> inputs) {
                T mask = inputs.get(0);
                T x = ops.packed(inputs.get(1), mask);
                T token = ops.token(x, mask, which);
                return ops.attentionOfToken(token, x, x, mask, attention, which);
              }
            });
      }
    }
  }

  private static void attentionOfToken(
      Builder all, String name, int keyHeads, Attention attention, Pooling which) {
    int width = attention.headDim();
    all.add(
        "attentionOfToken %s, %s".formatted(which, name),
        some(),
        List.of(
            which == Pooling.FIRST ? mask() : whole(1, 1, 1, 1, 1, 0, 0, 1, 1, 0),
            all.states(2, 5, attention.heads() * width),
            all.states(2, 5, keyHeads * width),
            all.states(2, 5, keyHeads * width)),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.attentionOfToken(
                ops.token(inputs.get(1), inputs.get(0), which),
                inputs.get(2),
                inputs.get(3),
                inputs.get(0),
                attention,
                which);
          }
        });
  }

  private static void attention(
      Builder all, String name, int keyHeads, Attention attention, boolean terms) {
    int width = attention.headDim();
    List<PlainTensor> inputs = new ArrayList<>();
    // Every query sees a key: of one that sees none the shares do not depend on anything, while
    // what a mask is added to has a derivative.
    inputs.add(whole(1, 1, 1, 1, 1, 1, 1, 1, 1, 0));
    inputs.add(all.states(2, 5, attention.heads() * width));
    inputs.add(all.states(2, 5, keyHeads * width));
    inputs.add(all.states(2, 5, keyHeads * width));
    if (terms) {
      inputs.add(all.states(2, attention.heads(), 5, 5));
    }
    all.add(
        "attention " + name,
        some(),
        inputs,
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.attention(
                inputs.get(1),
                inputs.get(2),
                inputs.get(3),
                terms ? inputs.get(4) : null,
                inputs.get(0),
                attention);
          }
        });
  }

  private static void distances(Builder all) {
    // Over the reach, and in buckets of several distances each, which have other numbers of rows.
    distanceScores(all, "without buckets", new RelativePositions(0, 3, 7), false);
    distanceScores(all, "without buckets", new RelativePositions(0, 3, 7), true);
    distanceScores(all, "in buckets", new RelativePositions(4, 6, 5), false);
    distanceScores(all, "in buckets", new RelativePositions(4, 6, 5), true);
  }

  private static void distanceScores(
      Builder all, String name, RelativePositions positions, boolean ofKeys) {
    Linear projection = new Linear("projection", 7, 6, ofKeys);
    all.add(
        "distanceScores %s of %s".formatted(name, ofKeys ? "keys" : "queries"),
        ofKeys
            ? some().add("projection.weight", List.of(6, 7)).add("projection.bias", List.of(6))
            : some().add("projection.weight", List.of(6, 7)),
        List.of(all.states(2, 5, 6), all.states(1, positions.rows(), 7)),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            return ops.distanceScores(
                inputs.get(0),
                inputs.get(1),
                new DistanceScores(projection, 2, positions, 0.7, ofKeys));
          }
        });
  }

  private static void pooling(Builder all) {
    for (Pooling which : List.of(Pooling.FIRST, Pooling.LAST)) {
      all.add(
          "pool %s of a token".formatted(which),
          some(),
          List.of(mask(), all.states()),
          new Operation() {
            @Override
            public <T> T apply(Ops<T> ops, List<T> inputs) {
              T token = ops.token(inputs.get(1), inputs.get(0), which);
              return ops.pool(token, inputs.get(0), which);
            }
          });
    }
    for (Pooling pooling : Pooling.values()) {
      for (boolean emptyRow : new boolean[] {false, true}) {
        all.add(
            "pool " + pooling + (emptyRow ? " of padding alone" : ""),
            some(),
            List.of(emptyRow ? whole(1, 1, 1, 0, 0, 0, 0, 0, 0, 0) : mask(), all.states()),
            new Operation() {
              @Override
              public <T> T apply(Ops<T> ops, List<T> inputs) {
                return ops.pool(inputs.get(1), inputs.get(0), pooling);
              }
            });
      }
    }
  }

  private static void ngrams(Builder all) {
    // Syllables with and without a final consonant, the last one, and what is none.
    PlainTensor ids = whole(2, 5, 6, 33, 11_176, 2, 11_177, 32, 12_000, 0);
    all.add(
        "ngrams of two views in a bag",
        some().addWithZeroRow("table.weight", List.of(50, 3)),
        List.of(ids, whole(1, 1, 1, 1, 1, 1, 1, 1, 0, 0)),
        new Operation() {
          @Override
          public <T> T apply(Ops<T> ops, List<T> inputs) {
            T open = ops.openSyllables(inputs.get(0), 5);
            T numbers =
                ops.joined(
                    List.of(
                        ops.ngrams(inputs.get(0), inputs.get(1), new Ngrams(1, 3, 50, 0)),
                        ops.ngrams(open, inputs.get(1), new Ngrams(2, 6, 50, 2_147_483_646))));
            return ops.bag(numbers, new Embedding("table", 50, 3, 0));
          }
        });
  }

  @Override
  public String toString() {
    return name;
  }
}
