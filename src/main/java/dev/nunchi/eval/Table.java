package dev.nunchi.eval;

import java.util.List;

/// A table of a report; it scrolls by itself where the page is too narrow for it.
final class Table {
  private final Markup markup;
  private final int names;

  /// @param names columns from the left that hold names; all others hold numbers
  Table(Markup markup, String id, int names, List<String> headings) {
    this.markup = markup;
    this.names = names;
    markup.open("div", "class", "scroll").open("table", "class", id).open("thead").open("tr");
    for (int column = 0; column < headings.size(); column++) {
      markup.element("th", headings.get(column), "class", style(column));
    }
    markup.close().close().open("tbody");
  }

  void row(String... cells) {
    markup.open("tr");
    for (int column = 0; column < cells.length; column++) {
      markup.open("td", "class", style(column)).element("bdi", cells[column]).close();
    }
    markup.close();
  }

  void close() {
    markup.close().close().close();
  }

  private String style(int column) {
    return column < names ? "name" : "number";
  }
}
