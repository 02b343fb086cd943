/** As a ref: puts the cursor into a field as it appears in the place of what was clicked, its text chosen. */
export function focusOnce(element: HTMLInputElement | null): void {
  element?.select();
}
