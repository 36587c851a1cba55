// The bundle without maps and 3D comes without types; they are those of the whole.
declare module "plotly.js-cartesian-dist-min" {
  export * from "plotly.js-dist-min";
}
