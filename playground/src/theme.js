// Light or dark: as the system has it, or as the switch says. The choice stays in this browser.

const KEY = "oomlint-theme";

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Takes the choice of an earlier visit, before the page is drawn. */
export function applyTheme() {
  const known = stored();
  document.documentElement.dataset.theme = known === "light" || known === "dark" ? known : "auto";
}

export function setUpTheme(select) {
  select.value = document.documentElement.dataset.theme;
  select.onchange = () => {
    document.documentElement.dataset.theme = select.value;
    try {
      localStorage.setItem(KEY, select.value);
    } catch {
      // Without storage the choice holds until the page is left.
    }
  };
}
