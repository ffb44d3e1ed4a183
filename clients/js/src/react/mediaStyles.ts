/** Of the view and the camera's picture. */
export const MEDIA_CSS = `
.reactor-view,.reactor-webcam{position:relative;overflow:hidden;width:100%;aspect-ratio:16/9;background:#000;
color:#fff;font:1rem/1.4 system-ui,sans-serif}
.reactor-webcam{aspect-ratio:4/3}
.reactor-webcam[hidden]{display:none}
:is(.reactor-view,.reactor-webcam)>video{display:block;width:100%;height:100%}
.reactor-status{position:absolute;inset:0;display:grid;place-content:center;justify-items:center;gap:.75rem;
padding:1rem;text-align:center;animation:reactor-in .2s .15s both}
.reactor-status[data-state=playing]{display:none}
.reactor-status[data-state=reconnecting]{background:#0009}
.reactor-status p{margin:.25rem 0 0;max-width:34rem;opacity:.75;font-size:.875em}
.reactor-status progress{display:block;width:12rem;margin:.75rem auto 0}
:is(.reactor-view,.reactor-webcam) button{font:inherit;padding:.5rem 1rem;border:1px solid #fff6;border-radius:999px;
background:#fff1;color:inherit;cursor:pointer}
:is(.reactor-view,.reactor-webcam) button:hover{background:#fff3}
.reactor-unblock{position:absolute;bottom:1rem;left:50%;translate:-50%}
@keyframes reactor-in{from{opacity:0}}
`;
