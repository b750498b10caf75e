package dev.nunchi.nn;

import dev.nunchi.nn.Parameter.Initial;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// The interpreter of shapes: runs a network without numbers, checks that its layers fit together,
/// and lists its parameters. A tensor is the list of its axes' sizes.
public final class ShapeOps implements Ops<List<Integer>> {
  private final Map<String, Parameter> parameters = new LinkedHashMap<>();
  private final Map<String, Linear> linears = new LinkedHashMap<>();

  /// Every parameter of a network in the order in which the forward pass first uses it.
  ///
  /// @throws IllegalStateException if the layers do not fit together
  public static List<Parameter> parametersOf(Network network) {
    return List.copyOf(over(network).parameters.values());
  }

  /// Every linear layer of a network in the order in which the forward pass first uses it.
  static List<Linear> linearsOf(Network network) {
    return List.copyOf(over(network).linears.values());
  }

  private static ShapeOps over(Network network) {
    ShapeOps ops = new ShapeOps();
    List<Integer> ids = List.of(2, 3);
    List<Integer> logits = network.logits(ops, new Inputs<>(ids, ids, ids));
    check(logits.equals(List.of(2, network.labels())), "logits are %s, not [2, labels]", logits);
    return ops;
  }

  @Override
  public List<Integer> embedding(List<Integer> ids, Embedding table) {
    declare(table);
    return append(ids, table.width());
  }

  @Override
  public List<Integer> positions(List<Integer> ids, Embedding table) {
    declare(table);
    return List.of(table.paddingIndex() < 0 ? 1 : ids.get(0), ids.get(1), table.width());
  }

  @Override
  public List<Integer> table(Embedding table) {
    declare(table);
    return List.of(1, table.rows(), table.width());
  }

  @Override
  public List<Integer> linear(List<Integer> x, Linear layer) {
    check(x.getLast() == layer.in(), "%s does not take %s", layer, x);
    linears.putIfAbsent(layer.name(), layer);
    declare(layer.weight(), List.of(layer.out(), layer.in()), layer.initial());
    if (layer.bias()) {
      declare(layer.biasName(), List.of(layer.out()), Initial.ZEROS);
    }
    return append(x.subList(0, x.size() - 1), layer.out());
  }

  /// A fresh magnitude is the length of the row, which whoever has the weights knows.
  @Override
  public List<Integer> magnitude(List<Integer> x, Magnitude magnitude) {
    check(x.getLast() == magnitude.layer().out(), "%s does not take %s", magnitude, x);
    declare(magnitude.name(), List.of(magnitude.layer().out()), Initial.ONES);
    return x;
  }

  @Override
  public List<Integer> bias(List<Integer> x, Bias bias) {
    check(x.getLast() == bias.width(), "%s does not take %s", bias, x);
    declare(bias.name(), List.of(bias.width()), Initial.ZEROS);
    return x;
  }

  @Override
  public List<Integer> layerNorm(List<Integer> x, LayerNorm norm) {
    check(x.getLast() == norm.width(), "%s does not take %s", norm, x);
    declare(norm.weight(), List.of(norm.width()), Initial.ONES);
    if (norm.bias()) {
      declare(norm.biasName(), List.of(norm.width()), Initial.ZEROS);
    }
    return x;
  }

  @Override
  public List<Integer> rmsNorm(List<Integer> x, RmsNorm norm) {
    check(x.getLast() % norm.width() == 0, "%s does not take %s", norm, x);
    declare(
        norm.weight(), List.of(norm.width()), norm.offset() == 0 ? Initial.ONES : Initial.ZEROS);
    return x;
  }

  @Override
  public List<Integer> add(List<Integer> a, List<Integer> b) {
    boolean fits = a.size() == b.size();
    for (int i = 0; fits && i < a.size(); i++) {
      fits = b.get(i) == 1 || a.get(i).equals(b.get(i));
    }
    check(fits, "%s cannot be added to %s", b, a);
    return a;
  }

  @Override
  public List<Integer> multiply(List<Integer> a, List<Integer> b) {
    check(a.equals(b), "%s cannot be multiplied by %s", a, b);
    return a;
  }

  @Override
  public List<Integer> scale(List<Integer> x, double factor) {
    return x;
  }

  @Override
  public List<Integer> masked(List<Integer> x, List<Integer> attentionMask) {
    check(attentionMask.equals(x.subList(0, 2)), "mask %s for %s", attentionMask, x);
    return x;
  }

  @Override
  public List<Integer> unfold(List<Integer> x, List<Integer> attentionMask, int places) {
    check(attentionMask.equals(x.subList(0, 2)), "mask %s for %s", attentionMask, x);
    check(places % 2 == 1, "%d places have no middle", places);
    return append(x.subList(0, 2), places * x.getLast());
  }

  @Override
  public List<Integer> part(List<Integer> x, int part, int parts) {
    check(x.getLast() % parts == 0 && part < parts, "no %d parts of %s", parts, x);
    return append(x.subList(0, x.size() - 1), x.getLast() / parts);
  }

  @Override
  public List<Integer> activation(List<Integer> x, Activation function) {
    return x;
  }

  @Override
  public List<Integer> dropout(List<Integer> x, double probability) {
    return x;
  }

  @Override
  public List<Integer> rotary(List<Integer> x, Rotary rotary) {
    check(x.getLast() % rotary.headDim() == 0, "%s does not take %s", rotary, x);
    return x;
  }

  @Override
  public List<Integer> attention(
      List<Integer> query,
      List<Integer> key,
      List<Integer> value,
      @Nullable List<Integer> scores,
      List<Integer> attentionMask,
      Attention attention) {
    check(query.subList(0, 2).equals(key.subList(0, 2)), "query %s, key %s", query, key);
    checkAttention(query, key, value, attentionMask, attention);
    if (scores != null) {
      List<Integer> square = List.of(query.get(0), attention.heads(), query.get(1), query.get(1));
      check(scores.equals(square), "scores %s for %s", scores, query);
    }
    return query;
  }

  private static void checkAttention(
      List<Integer> query,
      List<Integer> key,
      List<Integer> value,
      List<Integer> attentionMask,
      Attention attention) {
    check(query.getLast() == attention.heads() * attention.headDim(), "%s, %s", attention, query);
    check(key.getLast() == attention.keyHeads() * attention.headDim(), "%s, %s", attention, key);
    check(key.equals(value), "key %s, value %s", key, value);
    check(attentionMask.equals(key.subList(0, 2)), "mask %s for %s", attentionMask, key);
  }

  @Override
  public List<Integer> token(List<Integer> x, List<Integer> attentionMask, Pooling which) {
    check(which != Pooling.MEAN, "%s is no token", which);
    check(attentionMask.equals(x.subList(0, 2)), "mask %s for %s", attentionMask, x);
    return append(List.of(x.get(0), 1), pool(x, attentionMask, which).getLast());
  }

  @Override
  public List<Integer> attentionOfToken(
      List<Integer> query,
      List<Integer> key,
      List<Integer> value,
      List<Integer> attentionMask,
      Attention attention,
      Pooling which) {
    check(query.subList(0, 2).equals(List.of(key.get(0), 1)), "query %s, key %s", query, key);
    check(
        which == Pooling.FIRST
            || which == Pooling.LAST && attention.reach() == Attention.EVERYWHERE,
        "%s of %s",
        attention,
        which);
    checkAttention(query, key, value, attentionMask, attention);
    return query;
  }

  @Override
  public List<Integer> distanceScores(
      List<Integer> x,
      List<Integer> table,
      DistanceScores scores,
      BiFunction<List<Integer>, Linear, List<Integer>> projection) {
    check(
        table.size() == 3 && table.get(1) == scores.positions().rows(),
        "%s does not take %s",
        scores,
        table);
    List<Integer> projected = projection.apply(table, scores.projection());
    check(projected.getLast().equals(x.getLast()), "%s, %s", scores, x);
    check(x.getLast() % scores.heads() == 0, "%s does not take %s", scores, x);
    return List.of(x.get(0), scores.heads(), x.get(1), x.get(1));
  }

  @Override
  public List<Integer> pool(List<Integer> x, List<Integer> attentionMask, Pooling pooling) {
    boolean isToken = pooling != Pooling.MEAN && x.get(1) == 1;
    check(
        isToken || pooling == Pooling.FIRST || attentionMask.equals(x.subList(0, 2)),
        "mask %s for %s",
        attentionMask,
        x);
    return List.of(x.get(0), x.get(2));
  }

  @Override
  public List<Integer> ngrams(List<Integer> ids, List<Integer> attentionMask, Ngrams ngrams) {
    check(ids.equals(attentionMask), "mask %s for %s", attentionMask, ids);
    return List.of(ids.get(0), ngrams.sizes() * ids.get(1));
  }

  @Override
  public List<Integer> openSyllables(List<Integer> ids, int firstSyllable) {
    return ids;
  }

  @Override
  public List<Integer> joined(List<List<Integer>> numbers) {
    numbers.forEach(part -> check(part.size() == 2, "%s is not [batch, any]", part));
    return List.of(numbers.getFirst().get(0), numbers.stream().mapToInt(part -> part.get(1)).sum());
  }

  @Override
  public List<Integer> bag(List<Integer> numbers, Embedding table) {
    check(table.paddingIndex() == 0, "%s has no row for no n-gram", table);
    check(numbers.size() == 2, "%s of %s", table, numbers);
    // Zeros, so that an n-gram that training never saw says nothing.
    declare(new Parameter(table.weight(), List.of(table.rows(), table.width()), Initial.ZEROS, 0));
    return List.of(numbers.get(0), table.width());
  }

  private void declare(Embedding table) {
    declare(
        new Parameter(
            table.weight(),
            List.of(table.rows(), table.width()),
            Initial.NORMAL,
            table.paddingIndex()));
  }

  private void declare(String name, List<Integer> shape, Initial initial) {
    declare(new Parameter(name, shape, initial, -1));
  }

  private void declare(Parameter parameter) {
    Parameter before = parameters.putIfAbsent(parameter.name(), parameter);
    check(before == null || before.equals(parameter), "%s is not %s", before, parameter);
  }

  private static List<Integer> append(List<Integer> axes, int last) {
    List<Integer> all = new ArrayList<>(axes);
    all.add(last);
    return List.copyOf(all);
  }

  private static void check(boolean holds, String message, Object... arguments) {
    if (!holds) {
      throw new IllegalStateException(message.formatted(arguments));
    }
  }
}
