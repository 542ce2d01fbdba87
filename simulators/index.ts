export { buildDemoCity, DEMO_DEFAULTS, type DemoCity, type DemoCityOptions } from './demo-city.ts';
export { deterministicReadings, type ReadingsOptions, type SimulatedReading } from './readings.ts';
export { runSimulation, type Simulation, type SimulationOptions, type SimulationStats } from './runner.ts';
export { demoScenario, type Scenario } from './scenario.ts';
export { loadSimulates, type SimulatedCity, simulateCity } from './simulated-city.ts';
