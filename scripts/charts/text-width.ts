/**
 * How wide a text will be, without a browser. The widths are those of DejaVu Sans, the widest of the usual fonts, so that
 * what fits by them fits in all.
 */

/** Thousandths of the font size, from space to tilde. */
const WIDTHS = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
  636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
  748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
  615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
  337, 636, 838,
];

/** Bold letters are a tenth wider, at most. */
const BOLD = 1.14;

/** Width of `text` in units of the drawing at font size `size`. */
export function textWidth(text: string, size: number, bold = false): number {
  let sum = 0;
  for (const char of text) sum += WIDTHS[(char.codePointAt(0) ?? 0) - 32] ?? 1000;
  return Math.ceil(((sum * size) / 1000) * (bold ? BOLD : 1));
}
