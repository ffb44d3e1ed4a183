import { useInsertionEffect } from "react";

const sheets = new Map<string, CSSStyleSheet>();

/**
 * Add default styles to the page, once however many components ask. They are in the layer `reactor`, so that any rule of
 * the app wins, and constructed, so that a strict Content-Security-Policy has nothing against them.
 */
export function useStyleSheet(css: string): void {
  useInsertionEffect(() => {
    // Not everywhere a browser: jsdom has none.
    if (!("adoptedStyleSheets" in document) || sheets.has(css)) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`@layer reactor{${css}}`);
    sheets.set(css, sheet);
    document.adoptedStyleSheets.push(sheet);
  }, [css]);
}
